// bpmn-moddle 10.3.1 ships types of the elements, but none of its entry point.
declare module 'bpmn-moddle' {
  export interface ModdleElement {
    readonly $type: string;
    readonly $attrs: Readonly<Record<string, string>>;
    readonly id?: string;
    readonly name?: string;
    get(property: string): unknown;
  }
  export interface PropertyDescriptor {
    readonly name: string;
    readonly type: string;
    readonly isMany?: boolean;
    readonly isReference?: boolean;
    readonly isAttr?: boolean;
    readonly isVirtual?: boolean;
    readonly default?: unknown;
    readonly xml?: { readonly serialize?: string };
  }
  export interface TypeDescriptor {
    readonly name: string;
    readonly ns: { readonly prefix: string };
    readonly properties: readonly PropertyDescriptor[];
    readonly propertiesByName: Readonly<Record<string, PropertyDescriptor>>;
    readonly bodyProperty?: PropertyDescriptor;
    readonly idProperty?: PropertyDescriptor;
  }
  export interface ModdlePackage {
    readonly uri: string;
    readonly prefix: string;
    readonly xml?: { readonly tagAlias?: string; readonly typePrefix?: string };
  }
  export class BpmnModdle {
    constructor(packages?: Record<string, unknown>, options?: unknown);
    getType(name: string): { readonly $descriptor: TypeDescriptor; hasType(name: string): boolean };
    getPackage(uriOrPrefix: string): ModdlePackage | undefined;
    getPackages(): readonly ModdlePackage[];
    fromXML(
      xml: string,
      typeName?: string,
    ): Promise<{
      rootElement: ModdleElement;
      warnings: readonly (Error & { readonly element?: ModdleElement })[];
    }>;
  }
}
