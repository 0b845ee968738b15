// bpmn-moddle 10.3.1 ships types of the elements, but none of its entry point.
declare module 'bpmn-moddle' {
  export interface ModdleElement {
    readonly $type: string;
    readonly $attrs: Readonly<Record<string, string>>;
    readonly id?: string;
    readonly name?: string;
    get(property: string): unknown;
  }
  export class BpmnModdle {
    constructor(packages?: Record<string, unknown>, options?: unknown);
    fromXML(
      xml: string,
      typeName?: string,
    ): Promise<{ rootElement: ModdleElement; warnings: readonly Error[] }>;
  }
}
