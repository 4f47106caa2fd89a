/** The living port with some methods put in front of its own; each may call what it stands for. */
export function fronted<P extends object>(port: P, methods: Partial<P>): P {
  return new Proxy(port, {
    get(target, key) {
      const member: unknown = Reflect.get(methods, key) ?? Reflect.get(target, key)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}
