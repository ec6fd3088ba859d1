import { join } from 'node:path'

interface NodePlace {
  address: string
  /** of the node that others ask for the ring */
  seed: string
  port: number
  /** for data and logs of what is written */
  folder: string
}

/** The cassandra.yaml of a node; JSON is YAML. @param more laid over it */
export function nodeSettings({ address, seed, port, folder }: NodePlace, more: Record<string, unknown> = {}): string {
  return JSON.stringify({
    cluster_name: 'real',
    num_tokens: 4,
    partitioner: 'org.apache.cassandra.dht.Murmur3Partitioner',
    commitlog_sync: 'periodic',
    commitlog_sync_period: '10000ms',
    commitlog_segment_size: '4MiB',
    endpoint_snitch: 'SimpleSnitch',
    listen_address: address,
    rpc_address: address,
    native_transport_port: port,
    auto_snapshot: false,
    // As in Cassandra's own cassandra.yaml; a node without one ignores what a disk says.
    disk_failure_policy: 'stop',
    commit_failure_policy: 'stop',
    seed_provider: [{ class_name: 'org.apache.cassandra.locator.SimpleSeedProvider', parameters: [{ seeds: seed }] }],
    data_file_directories: [join(folder, 'data')],
    commitlog_directory: join(folder, 'commitlog'),
    hints_directory: join(folder, 'hints'),
    saved_caches_directory: join(folder, 'saved_caches'),
    cdc_raw_directory: join(folder, 'cdc'),
    ...more,
  })
}

/** The logback.xml of a node. */
export const logSettings = [
  '<configuration><appender name="o" class="ch.qos.logback.core.ConsoleAppender">',
  '<encoder><pattern>%level %msg%n</pattern></encoder></appender>',
  '<root level="WARN"><appender-ref ref="o"/></root></configuration>',
].join('')
