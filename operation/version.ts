/**
 * Version of the request, journal and record format. A reader refuses a newer one, since it cannot know what it would
 * miss.
 */
export const formatVersion = 1

/** This program's version, as package.json has it; the build replaces the variable. */
export const programVersion: string = process.env['KUBECTL_SCALARDL_VERSION'] ?? '0.1.0'
