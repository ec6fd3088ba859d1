/** What --encrypt takes, for --help. */
export const encryptDescription =
  'recipient of age (age1…) that dumps are encrypted for, or @SECRET with such lines in its key recipients; ' +
  'any of several recipients can restore; repeatable'
