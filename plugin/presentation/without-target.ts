import type { Target } from '../../operation/request.ts'

/** For operations that ask no server to pause; those that reach databases add the releases. */
export const withoutTarget: Target = { releases: [], serviceUrls: [], addresses: [], tls: { enabled: false } }
