/** Options by which tar writes the same bytes for the same files, whenever and by whomever they were made. */
export const sameBytes = [
  '--sort=name',
  '--owner=0',
  '--group=0',
  '--numeric-owner',
  '--mode=u=rwX,go=rX',
  '--mtime=@0',
]
