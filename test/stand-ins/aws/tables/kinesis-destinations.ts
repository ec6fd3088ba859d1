import type {
  DescribeKinesisStreamingDestinationInput,
  KinesisStreamingDestinationInput,
} from '@aws-sdk/client-dynamodb'
import { AwsError } from '../service/errors.ts'
import { tableOf, type Context, type Operation } from '../service/service.ts'

/** Where a table's changes go. Nothing flows: that belongs to Kinesis. */
export interface KinesisDestination {
  StreamArn: string
  DestinationStatus: 'ACTIVE'
  ApproximateCreationDateTimePrecision: string
}

function enable(input: KinesisStreamingDestinationInput, { region }: Context): object {
  const table = tableOf(region, input.TableName)
  if (table.status !== 'ACTIVE')
    throw new AwsError('ResourceInUseException', `Table is being ${table.status.toLowerCase()}: ${table.name}`)
  const precision = input.EnableKinesisStreamingConfiguration?.ApproximateCreationDateTimePrecision ?? 'MILLISECOND'
  const destination: KinesisDestination = {
    StreamArn: input.StreamArn ?? '',
    DestinationStatus: 'ACTIVE',
    ApproximateCreationDateTimePrecision: precision,
  }
  table.kinesisDestinations.set(destination.StreamArn, destination)
  return { TableName: table.name, StreamArn: destination.StreamArn, DestinationStatus: 'ENABLING' }
}

function describe(input: DescribeKinesisStreamingDestinationInput, { region }: Context): object {
  const table = tableOf(region, input.TableName)
  return { TableName: table.name, KinesisDataStreamDestinations: [...table.kinesisDestinations.values()] }
}

/** EnableKinesisStreamingDestination and its look: no restore knows of them. */
export const kinesisOperations: Record<string, Operation> = {
  EnableKinesisStreamingDestination: enable,
  DescribeKinesisStreamingDestination: describe,
}
