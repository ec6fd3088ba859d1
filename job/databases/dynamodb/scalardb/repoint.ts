import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { Values } from '../../repoint/former-values.ts'
import { changeId, Repointing } from '../../repoint/repointing.ts'
import type { Place } from './place.ts'
import type { RestoreWork } from '../restore/restore-work.ts'
import { prefixProperty } from '../tables/table-names.ts'

const regionProperty = 'contact_points'

type Repointed = Pick<RestoreWork, 'settings' | 'access' | 'details' | 'region' | 'context' | 'title'>

/** The properties that name the tables: the namespace prefix, and the region where it is another than the backup's. */
export class TableRepointing extends Repointing {
  readonly #work: Repointed

  /** @param prefix of the restored tables */
  constructor(work: Repointed, prefix: string) {
    const { settings, details, region, context, title } = work
    const wanted: [string, string][] = [
      [prefixProperty, prefix],
      ...(region === details.region ? [] : [[regionProperty, region] satisfies [string, string]]),
    ]
    super({
      operation: context.operation,
      title,
      noun: 'tables',
      changes: settings.flatMap((one) =>
        wanted.map(([property, value]) => ({ id: changeId(one.storage, property), settings: one, property, value })),
      ),
      properties: context.properties,
      asRead,
      former: context.former?.details['former'],
      cure: 'undo the later restore first, or set the namespace prefix of the release yourself',
    })
    this.#work = work
  }

  /** where each storage had its tables before, once that is known */
  formerPlaces(): Place[] {
    const former = this.former()
    return Object.keys(former).length === 0 ? [] : this.#placesIn(former)
  }

  /** the same, and before it is known where each has them at this moment */
  async placesBefore(): Promise<Place[]> {
    return this.#placesIn(await this.before())
  }

  instructions(): string[] {
    const { access, region } = this.#work
    return [
      ...this.lines.map((line) => `to use the restored tables, set ${line}`),
      ...(region === access.region || access.endpoint === undefined
        ? []
        : [`take scalar.db.dynamo.endpoint_override away, or set that of ${region}: it is ${access.endpoint}`]),
      'then upgrade the release with Helm, or restart its pods once its ConfigMap says so',
    ]
  }

  /** A region that is not to be changed is the backup's: no other passes the preflight. */
  #placesIn(values: Values): Place[] {
    return this.#work.settings.map(({ storage }) => ({
      prefix: values[changeId(storage, prefixProperty)] ?? '',
      region: values[changeId(storage, regionProperty)] ?? this.#work.details.region,
    }))
  }
}

function asRead(settings: StorageSettings, property: string): string | undefined {
  return property === regionProperty ? settings.contactPoints : settings.property(property)
}
