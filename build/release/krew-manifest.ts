import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import * as z from 'zod'
import { projectFolder } from '../project.ts'

const platform = z.looseObject({ uri: z.string() })
const manifest = z.looseObject({ spec: z.looseObject({ platforms: z.array(platform) }) })

/** The template that krew-release-bot and this build fill in. */
export function krewTemplate(): string {
  return readFileSync(join(projectFolder, '.krew.yaml'), 'utf8')
}

/**
 * The manifest of a version, with the platforms whose archives have been built. The template's two actions are those of
 * krew-release-bot: the tag, and the address of an archive with its sum.
 * @param sums the SHA-256 of each archive, by its file name
 */
export function fillManifest(template: string, version: string, sums: ReadonlyMap<string, string>): string {
  const text = template
    .replaceAll(/\{\{ *\.TagName *\}\}/g, `v${version}`)
    .replaceAll(/\{\{ *addURIAndSha "([^"]+)" \.TagName *\}\}/g, (_, uri: string) => {
      return `uri: ${uri}\n    sha256: "${sums.get(fileName(uri)) ?? ''}"`
    })
  const { spec, ...rest } = manifest.parse(parse(text))
  const platforms = spec.platforms.filter(({ uri }) => sums.has(fileName(uri)))
  return stringify({ ...rest, spec: { ...spec, platforms } }, { lineWidth: 0 })
}

function fileName(uri: string): string {
  return uri.slice(uri.lastIndexOf('/') + 1)
}
