import type { TableSettings } from './table-settings.ts'

/**
 * The same table on demand: what is written to it, and into indexes that are being filled, is limited by no provisioned
 * capacity, and costs what is used (DynamoDB: on-demand capacity mode; Managing global secondary indexes, backfilling).
 */
export function onDemandForm(settings: TableSettings): TableSettings {
  const { throughput: _throughput, onDemandLimit: _limit, ...rest } = settings
  return {
    ...rest,
    billingMode: 'PAY_PER_REQUEST',
    globalIndexes: settings.globalIndexes.map(({ throughput: _units, onDemandLimit: _most, ...index }) => index),
  }
}
