import type { V1Container, V1EnvFromSource, V1EnvVar } from '@kubernetes/client-node'
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
