import { imagePlatforms } from '../../build/platforms/platforms.ts'
import { buildDownloads } from '../../build/release/downloads.ts'
import { buildComponents } from '../local-kubernetes/components.ts'
import { meetClusterRequirements } from '../local-kubernetes/requirements.ts'
import { buildParts } from './stage/ground.ts'

/** Builds all that later tests need, as far as no cluster runs for it, so that this may go on beside other tests. */
await meetClusterRequirements({ compile: true })
await Promise.all([buildComponents(), buildParts()])
await buildDownloads(imagePlatforms.slice(0, 1))
