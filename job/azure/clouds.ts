/** Where one of Azure's clouds is managed. */
export interface Cloud {
  /** https://management.azure.com */
  resourceManager: string
  /** what a token is asked for */
  scope: string
}

/** By the end of the names of endpoints (Azure: national clouds, endpoints). */
const clouds: readonly (readonly [end: string, resourceManager: string])[] = [
  ['.documents.azure.com', 'https://management.azure.com'],
  ['.documents.azure.us', 'https://management.usgovcloudapi.net'],
  ['.documents.azure.cn', 'https://management.chinacloudapi.cn'],
  ['.postgres.database.azure.com', 'https://management.azure.com'],
  ['.postgres.database.usgovcloudapi.net', 'https://management.usgovcloudapi.net'],
  ['.postgres.database.chinacloudapi.cn', 'https://management.chinacloudapi.cn'],
  ['.mysql.database.azure.com', 'https://management.azure.com'],
  ['.mysql.database.usgovcloudapi.net', 'https://management.usgovcloudapi.net'],
  ['.mysql.database.chinacloudapi.cn', 'https://management.chinacloudapi.cn'],
]

/** Where to manage what is reached under another name: a private cloud's own Resource Manager. */
export const resourceManagerVariable = 'AZURE_RESOURCE_MANAGER_ENDPOINT'

/** Whose tokens are asked for where the host's name is of no cloud. */
const publicCloud = 'https://management.azure.com'

/** The cloud that a host is of; undefined where its name is of none and the environment names none. */
export function cloudOf(host: string, env: NodeJS.ProcessEnv): Cloud | undefined {
  const own = env[resourceManagerVariable] || undefined
  const known = clouds.find(([end]) => host.toLowerCase().endsWith(end))?.[1]
  const resourceManager = (own ?? known)?.replace(/\/+$/, '')
  return resourceManager === undefined ? undefined : { resourceManager, scope: `${known ?? publicCloud}/.default` }
}
