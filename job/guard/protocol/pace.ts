/**
 * How long both pods look often for each other, ms: by then the kubelets have told where two are that started at once.
 */
const soonMs = 5000
const oftenMs = 100
const usualMs = 500

/**
 * How long to wait between two looks at the operation's pods, ms, asked each time. Worker and guard start together, and
 * the pause waits until they know of each other.
 */
export function pace(): () => number {
  const begunMs = performance.now()
  return () => (performance.now() - begunMs < soonMs ? oftenMs : usualMs)
}
