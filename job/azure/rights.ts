import * as z from 'zod'
import { isDenied } from './azure-failure.ts'
import { isAbsent, type ResourceManager } from './resource-manager.ts'

const permissionSchema = z.object({ actions: z.array(z.string()), notActions: z.array(z.string()).default([]) })
type Permission = z.infer<typeof permissionSchema>

/**
 * Those of some actions that the worker's identity may not do at a scope, by its own word (Azure RBAC: list
 * permissions). There is no dry run of a restore.
 * @returns undefined where the identity may not even ask
 */
export async function missingRights(
  arm: ResourceManager,
  scope: string,
  actions: readonly string[],
): Promise<string[] | undefined> {
  try {
    const listed = await arm.list(`${scope}/providers/Microsoft.Authorization/permissions`)
    const permissions = listed.flatMap((one) => permissionSchema.safeParse(one).data ?? [])
    // Whoever may ask has this right at least: an empty list tells nothing.
    if (permissions.length === 0) return undefined
    return actions.filter((action) => !permissions.some((permission) => allows(permission, action)))
  } catch (error) {
    if (isDenied(error) || isAbsent(error)) return undefined
    throw error
  }
}

/** Whether a role allows an action: what it takes out, it takes out of itself alone (Azure RBAC: role definitions). */
export function allows({ actions, notActions }: Permission, action: string): boolean {
  return actions.some((pattern) => covers(pattern, action)) && !notActions.some((pattern) => covers(pattern, action))
}

/** A star stands for any characters, the slash included; letters count whatever their case. */
function covers(pattern: string, action: string): boolean {
  return new RegExp(`^${pattern.split('*').map(RegExp.escape).join('.*')}$`, 'i').test(action)
}
