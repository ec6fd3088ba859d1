import type { RestoreContext, SwitchContext, UndoContext } from '../database.ts'

/** What a restore by a service's past is given of use, and its undo. */
export type WorkContext = SwitchContext &
  Partial<Pick<RestoreContext, 'command' | 'dropPrevious' | 'releases'>> &
  Partial<Pick<UndoContext, 'former'>>
