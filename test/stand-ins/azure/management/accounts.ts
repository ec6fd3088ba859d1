import { Account } from '../accounts/account.ts'
import { regionKey } from '../accounts/regions.ts'
import { AzureError, badRequest, locked } from '../service/errors.ts'
import { accountView } from './account-view.ts'
import { askedRegions, askedSettings, newSettings, sameRegions } from './account-settings.ts'
import { accountOf, begin, propertiesOf, type ArmAnswer, type ArmHandler, type ArmRequest } from './request.ts'
import { checkNameFree, restoredAccount } from './restores.ts'

const view = (request: ArmRequest, account: Account) => accountView(account, request.endpointOf)

/** @throws AzureError 412 while something else is done to the account */
export function checkIdle(account: Account): void {
  if (account.state !== 'Succeeded') throw locked(account.name)
}

const regionOf = (account: Account) => regionKey(account.writeRegion.name)

function identityOf(asked: unknown): Record<string, unknown> {
  const { type = 'None', userAssignedIdentities } = (asked ?? {}) as {
    type?: string
    userAssignedIdentities?: Record<string, object>
  }
  const [principalId, tenantId] = [crypto.randomUUID(), '00000000-0000-0000-0000-000000000001']
  return {
    type,
    ...(type.includes('SystemAssigned') && { principalId, tenantId }),
    ...(userAssignedIdentities !== undefined && {
      userAssignedIdentities: Object.fromEntries(
        Object.keys(userAssignedIdentities).map((id) => [id, { principalId: crypto.randomUUID(), clientId: id }]),
      ),
    }),
  }
}

function create(request: ArmRequest): ArmAnswer {
  const { service, body } = request
  const properties = propertiesOf(request)
  const [name = ''] = request.names
  if (!/^[a-z0-9-]{3,44}$/.test(name)) throw badRequest(`The account name '${name}' is not valid.`)
  if (properties['databaseAccountOfferType'] !== 'Standard') throw badRequest('databaseAccountOfferType is missing.')
  checkNameFree(service, name)
  const identity = { subscription: request.subscription, resourceGroup: request.resourceGroup, name }
  const isRestore = properties['createMode'] === 'Restore'
  const { account, finish: arrive } = isRestore
    ? restoredAccount(service, identity, properties, request.client)
    : {
        account: new Account(identity, {
          atMs: service.now(),
          settings: newSettings(askedSettings(properties)),
          regions: askedRegions(properties['locations'], service.now()),
          createMode: 'Default',
        }),
        finish: () => undefined,
      }
  account.tags = (body['tags'] ?? {}) as Record<string, string>
  account.identity = identityOf(body['identity'])
  service.accounts.push(account)
  return begin(request, {
    phase: isRestore ? 'restore' : 'createAccount',
    region: regionOf(account),
    answer: { status: 200, body: view(request, account) },
    finish: () => {
      arrive()
      account.state = 'Succeeded'
      for (const region of account.regions) region.state = 'Succeeded'
      return view(request, account)
    },
    failed: () => {
      account.state = 'Failed'
    },
  })
}

/** What an update makes of an account, checked before anything is changed. */
function update(request: ArmRequest, account: Account): ArmAnswer {
  const { service, body } = request
  const properties = propertiesOf(request)
  const asked = askedSettings(properties)
  const regions =
    properties['locations'] === undefined
      ? account.regions
      : askedRegions(properties['locations'], service.now(), account.regions)
  const movesRegions = !sameRegions(regions, account.regions)
  const changes = Object.entries(asked).some(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(account.settings[name]),
  )
  if (movesRegions && changes)
    throw badRequest('Adding or removing locations and changing other properties have to be separate updates.')
  if (account.isContinuous && asked.backupPolicy?.type === 'Periodic')
    throw badRequest('An account with continuous backup cannot go back to periodic backup.')
  if (regions.some(({ failoverPriority, name }) => failoverPriority === 0 && name !== account.writeRegion.name))
    throw badRequest('The write region is changed by failoverPriorityChange.')
  checkIdle(account)
  account.state = 'Updating'
  const former = account.regions
  const leaving = former.filter(({ name }) => !regions.some((region) => region.name === name))
  account.regions = [...regions, ...leaving.map((region) => ({ ...region, state: 'Deleting' as const }))]
  return begin(request, {
    phase: movesRegions ? 'changeRegions' : 'updateAccount',
    region: regionOf(account),
    answer: { status: 200, body: view(request, account) },
    finish: () => {
      account.settings = { ...account.settings, ...asked }
      if (body['tags'] !== undefined) account.tags = body['tags'] as Record<string, string>
      if (body['identity'] !== undefined) account.identity = identityOf(body['identity'])
      account.regions = regions.map((region) => ({ ...region, state: 'Succeeded' }))
      account.state = 'Succeeded'
      return view(request, account)
    },
    failed: () => {
      account.regions = former
      account.state = 'Succeeded'
    },
  })
}

const put: ArmHandler = (request) => {
  const { service, subscription, resourceGroup, names } = request
  const account = service.account(subscription, resourceGroup, names[0] ?? '')
  if (account === undefined) return create(request)
  if (propertiesOf(request)['createMode'] === 'Restore') checkNameFree(service, account.name)
  return update(request, account)
}

const remove: ArmHandler = (request) => {
  const account = accountOf(request)
  if (account.state !== 'Succeeded' && account.state !== 'Failed') throw locked(account.name)
  account.state = 'Deleting'
  return begin(request, {
    phase: 'deleteAccount',
    region: regionOf(account),
    finish: () => {
      account.deletedMs = request.service.now()
      return undefined
    },
    failed: () => {
      account.state = 'Failed'
    },
  })
}

/** Keys of an account that does not serve yet are not to be had. */
function servingAccount(request: ArmRequest): Account {
  const account = accountOf(request)
  if (account.state === 'Creating' || account.state === 'Failed') throw locked(account.name)
  return account
}

const keys: ArmHandler = (request) => {
  const { primary, secondary, primaryReadonly, secondaryReadonly } = servingAccount(request).keys
  return {
    status: 200,
    body: {
      primaryMasterKey: primary,
      secondaryMasterKey: secondary,
      primaryReadonlyMasterKey: primaryReadonly,
      secondaryReadonlyMasterKey: secondaryReadonly,
    },
  }
}

const readOnlyKeys: ArmHandler = (request) => {
  const { primaryReadonly, secondaryReadonly } = servingAccount(request).keys
  return {
    status: 200,
    body: { primaryReadonlyMasterKey: primaryReadonly, secondaryReadonlyMasterKey: secondaryReadonly },
  }
}

const list: ArmHandler = (request) => ({
  status: 200,
  body: {
    value: request.service.accounts
      .filter(({ deletedMs, subscription }) => deletedMs === undefined && subscription === request.subscription)
      .filter(
        ({ resourceGroup }) =>
          request.resourceGroup === '' || resourceGroup.toLowerCase() === request.resourceGroup.toLowerCase(),
      )
      .map((account) => view(request, account)),
  },
})

const nameExists: ArmHandler = ({ service, names: [name = ''] }) => ({
  status: service.accountByName(name) !== undefined || service.settings.takenNames.includes(name) ? 200 : 404,
})

/** Accounts, by method and type. */
export const accountHandlers: Record<string, ArmHandler> = {
  'GET databaseaccounts': list,
  'GET databaseaccounts/*': (request) => ({ status: 200, body: view(request, accountOf(request)) }),
  'PUT databaseaccounts/*': put,
  'PATCH databaseaccounts/*': (request) => update(request, accountOf(request)),
  'DELETE databaseaccounts/*': remove,
  'POST databaseaccounts/*/listkeys': keys,
  'POST databaseaccounts/*/readonlykeys': readOnlyKeys,
  'GET databaseaccounts/*/readonlykeys': readOnlyKeys,
  'HEAD databaseaccountnames/*': nameExists,
}

/** Words for what cannot be asked for at all. */
export const unknownType = (type: string) =>
  new AzureError(404, 'InvalidResourceType', `The resource type '${type}' could not be found.`, { from: 'gateway' })
