import type { Failure } from '../../../operation/failure.ts'
import { azureFailure } from '../../azure/azure-failure.ts'
import type { FlexibleService } from './service.ts'

/** An error of a call to Azure as a person can use it. @throws the error itself where it is none of Azure's */
export function serverFailure({ rolesPage }: FlexibleService, what: string, error: unknown): Failure {
  return azureFailure(what, error, rolesPage)
}
