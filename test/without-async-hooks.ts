import asyncHooks from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'

/**
 * Runs before every test file (tap's `node-arg`). tap attributes an error that nobody catches to its test by a hook on
 * every promise, which takes half of the processor time of a test that runs many workers in its own process. Without
 * the hook such an error fails the file all the same: tap names the test that was under way, and Node shows the error.
 */
const none: asyncHooks.AsyncHook = { enable: () => none, disable: () => none }
Object.assign(asyncHooks, { createHook: () => none })
syncBuiltinESMExports()
