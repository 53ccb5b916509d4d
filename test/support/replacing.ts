/** The object with some of its members replaced; the others work on the object itself. */
export function replacing<T extends object>(target: T, changes: Partial<T>): T {
  return new Proxy(target, {
    get(object, name): unknown {
      if (Object.hasOwn(changes, name)) return Reflect.get(changes, name);
      const own: unknown = Reflect.get(object, name);
      return typeof own === 'function' ? own.bind(object) : own;
    },
  });
}
