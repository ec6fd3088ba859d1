import type { Target } from '../../operation/request.ts'

/** For operations that reach a storage and no server. */
export const withoutTarget: Target = { releases: [], serviceUrls: [], addresses: [], tls: { enabled: false } }
