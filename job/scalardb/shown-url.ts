/**
 * A JDBC URL that anybody may see: without its parameters and the login before or among its hosts, which may hold a
 * password.
 */
export function shownUrl(url: string): string {
  return url
    .replace(/\?.*/s, '')
    .replace(/\/\/.*@/s, '//…@')
    .replace(/(password\d?=)[^,)]*/gi, '$1…')
}
