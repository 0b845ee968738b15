/** The cells of a row as they stand. */
export type Cells = readonly string[];
/** What one field says in a row. */
export type Get = (cells: Cells) => string;

/** A row cannot be taken: why, and for which field. */
export class Refused extends Error {
  readonly reason: string;
  readonly field: string | null;
  constructor(reason: string, field: string | null) {
    super(reason);
    this.reason = reason;
    this.field = field;
  }
}
export const refuse = (reason: string, field: string | null = null): never => {
  throw new Refused(reason, field);
};
