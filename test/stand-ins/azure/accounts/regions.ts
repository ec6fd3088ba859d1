/** Some of Azure's regions, by the names that answers have. */
const names = [
  'Australia East',
  'Brazil South',
  'Central US',
  'East Asia',
  'East US',
  'East US 2',
  'France Central',
  'Germany West Central',
  'Japan East',
  'Japan West',
  'North Europe',
  'Southeast Asia',
  'UK South',
  'West Europe',
  'West US',
  'West US 2',
  'West US 3',
]

/** As a region is written in ids: `West US 2` is `westus2`. */
export const regionKey = (name: string): string => name.toLowerCase().replaceAll(' ', '')

/** As answers write a region, whichever way it was asked for; undefined where there is no such region. */
export const regionName = (name: string): string | undefined =>
  names.find((each) => regionKey(each) === regionKey(name))
