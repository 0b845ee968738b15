/**
 * @peculiar/x509 finds its parts through tsyringe, which will not load without three functions of a proposal that
 * JavaScript never took (Reflect metadata). These are they, without prototypes of decorators and the rest; import
 * this file before the library.
 */
interface MetadataReflect {
  defineMetadata?: (key: unknown, value: unknown, target: object) => void;
  getOwnMetadata?: (key: unknown, target: object) => unknown;
  getMetadata?: (key: unknown, target: object) => unknown;
}

const reflect = Reflect as MetadataReflect;

if (!reflect.getMetadata) {
  const store = new WeakMap<object, Map<unknown, unknown>>();
  const getOwn = (key: unknown, target: object): unknown => store.get(target)?.get(key);
  const get = (key: unknown, target: object): unknown => {
    if (store.get(target)?.has(key)) return getOwn(key, target);
    const parent = Object.getPrototypeOf(target) as object | null;
    return parent === null ? undefined : get(key, parent);
  };
  reflect.defineMetadata = (key, value, target) => {
    const own = store.get(target) ?? new Map<unknown, unknown>();
    store.set(target, own.set(key, value));
  };
  reflect.getOwnMetadata = getOwn;
  reflect.getMetadata = get;
}
