import type { Failure } from '../../../operation/failure.ts'
import { azureFailure } from '../../azure/azure-failure.ts'

/** The page that has the roles of this kind. */
export const rolesPage = 'docs/databases/azure-postgresql.md'

/** An error of a call to Azure as a person can use it. @throws the error itself where it is none of Azure's */
export function serverFailure(what: string, error: unknown): Failure {
  return azureFailure(what, error, rolesPage)
}
