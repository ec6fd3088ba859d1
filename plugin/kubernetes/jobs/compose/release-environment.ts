import type { V1Container, V1EnvFromSource, V1EnvVar } from '@kubernetes/client-node'
import type { VariableOrigin } from '../../../../operation/request.ts'
import type { PropertyReferences } from './property-references.ts'

/** The part of a release's environment that a Job takes over. */
export interface ReleaseEnvironment {
  env: V1EnvVar[]
  envFrom: V1EnvFromSource[]
}

/** `$(NAME)` in a value stands for an earlier variable of the container; `$$(NAME)` is plain text. */
const expansion = /\$\$|\$\(([A-Za-z_][\w.-]*)\)/g

function expandedNames(value: string | undefined): string[] {
  return [...(value ?? '').matchAll(expansion)].flatMap((match) => match[1] ?? [])
}

/** The names asked for and those that their values are made of. */
function withExpansions(names: Iterable<string>, declared: ReadonlyMap<string, V1EnvVar>): Set<string> {
  const wanted = new Set(names)
  for (const name of wanted) for (const inner of expandedNames(declared.get(name)?.value)) wanted.add(inner)
  return wanted
}

/**
 * Takes over the variables that the properties refer to, each under `prefix`, by reference: the kubelet reads the
 * Secrets, not we.
 * @param references undefined where the properties cannot be read; then every variable is taken
 */
export function takeOverEnvironment(
  container: V1Container,
  references: Pick<PropertyReferences, 'variables'> | undefined,
  prefix: string,
): ReleaseEnvironment {
  // fields and resources are a pod's own, and mean nothing in another
  const own = (container.env ?? []).filter(
    (variable) => variable.valueFrom?.fieldRef === undefined && variable.valueFrom?.resourceFieldRef === undefined,
  )
  const declared = new Map(own.map((variable) => [variable.name, variable]))
  const wanted = withExpansions(references?.variables ?? declared.keys(), declared)
  const env = own
    .filter((variable) => wanted.has(variable.name))
    .map((variable) => ({
      ...variable,
      name: prefix + variable.name,
      ...(variable.value === undefined
        ? {}
        : {
            value: variable.value.replace(expansion, (whole, name: string | undefined) =>
              name !== undefined && wanted.has(name) ? `$(${prefix}${name})` : whole,
            ),
          }),
    }))
  // which names an envFrom holds is known to the kubelet only
  const allFound = references !== undefined && [...wanted].every((name) => declared.has(name))
  const envFrom = allFound
    ? []
    : (container.envFrom ?? []).map((source) => ({ ...source, prefix: prefix + (source.prefix ?? '') }))
  return { env, envFrom }
}

/**
 * Where the variables that properties refer to have their values from, for what has to change them: each by its name,
 * or all keys of an object, in the container's order.
 * @param references undefined where the properties cannot be read; then every variable is told of
 */
export function originsOf(
  { env = [], envFrom = [] }: V1Container,
  references: Pick<PropertyReferences, 'variables'> | undefined,
): VariableOrigin[] {
  if (references?.variables.length === 0) return []
  const named = env
    .filter(({ name }) => references?.variables.includes(name) !== false)
    .map(({ name, valueFrom: { secretKeyRef, configMapKeyRef } = {} }): VariableOrigin => {
      if (secretKeyRef?.name !== undefined)
        return { name, from: { kind: 'Secret', name: secretKeyRef.name, key: secretKeyRef.key } }
      if (configMapKeyRef?.name !== undefined)
        return { name, from: { kind: 'ConfigMap', name: configMapKeyRef.name, key: configMapKeyRef.key } }
      return { name }
    })
  const whole = envFrom.flatMap(({ prefix, secretRef, configMapRef }): VariableOrigin[] => {
    const from = secretRef === undefined ? configMapRef : secretRef
    if (from?.name === undefined) return []
    const kind = secretRef === undefined ? 'ConfigMap' : 'Secret'
    return [{ ...(prefix ? { prefix } : {}), from: { kind, name: from.name } }]
  })
  return [...named, ...whole]
}
