// saxen 11.2.0 ships no types.
declare module 'saxen' {
  /** An element as it is opened; one object that is changed from tag to tag. */
  export interface OpenTag {
    readonly name: string;
    /** False where they could not be read. */
    readonly attrs: Readonly<Record<string, string>> | false;
    readonly ns: Readonly<Record<string, string>>;
  }
  type Decode = (text: string) => string;
  export class Parser {
    constructor(options: { proxy: true });
    ns(prefixes: Readonly<Record<string, string>>): this;
    on(event: 'openTag', listener: (tag: OpenTag, decode: Decode) => void): this;
    on(event: 'closeTag', listener: () => void): this;
    on(event: 'text', listener: (text: string, decode: Decode) => void): this;
    on(event: 'cdata', listener: (text: string) => void): this;
    on(event: 'question', listener: (text: string) => void): this;
    on(event: 'attention', listener: (text: string) => void): this;
    on(event: 'error' | 'warn', listener: (error: Error) => void): this;
    parse(xml: string): void;
    stop(): void;
  }
}
