import { Failure } from '../../operation/failure.ts'

/** What is written once is there already. */
export function taken(title: string, name: string): Taken {
  return new Taken({
    what: `${title}: ${name} cannot be written`,
    why: 'a backup of that name is there already',
    next: 'choose another name with --name, or delete that backup first',
  })
}

/** The error of a write where there is a file already. */
export class Taken extends Failure {}

/** For what nobody but a killed worker of the same operation can have written: that stays. */
export async function unlessTaken(writing: Promise<unknown>): Promise<void> {
  await writing.catch((error: unknown) => {
    if (!(error instanceof Taken)) throw error
  })
}
