import {
  AppsV1Api,
  AuthorizationV1Api,
  BatchV1Api,
  CoordinationV1Api,
  CoreV1Api,
  DiscoveryV1Api,
  KubeConfig,
  ServerConfiguration,
  createConfiguration,
} from '@kubernetes/client-node'
import { Failure } from '../../operation/failure.ts'

/** The parts of the Kubernetes API that the worker uses. */
export interface Api {
  kubeConfig: KubeConfig
  core: CoreV1Api
  apps: AppsV1Api
  discovery: DiscoveryV1Api
  coordination: CoordinationV1Api
  batch: BatchV1Api
  authorization: AuthorizationV1Api
}

/** For one request; an API server that does not answer is asked again. */
const requestMs = 10_000

/** The API with the connection of a kubeconfig; nothing is sent yet. */
export function connectApi(kubeConfig: KubeConfig): Api {
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(kubeConfig.getCurrentCluster()?.server ?? '', {}),
    authMethods: { default: kubeConfig },
    promiseMiddleware: [
      {
        pre(request) {
          request.setSignal(AbortSignal.timeout(requestMs))
          return Promise.resolve(request)
        },
        post: (response) => Promise.resolve(response),
      },
    ],
  })
  return {
    kubeConfig,
    core: new CoreV1Api(configuration),
    apps: new AppsV1Api(configuration),
    discovery: new DiscoveryV1Api(configuration),
    coordination: new CoordinationV1Api(configuration),
    batch: new BatchV1Api(configuration),
    authorization: new AuthorizationV1Api(configuration),
  }
}

/**
 * The connection of the pod that this runs in.
 * @throws Failure outside of a cluster
 */
export function inClusterConfig(): KubeConfig {
  if (process.env['KUBERNETES_SERVICE_HOST'] === undefined) {
    throw new Failure({
      what: 'no connection to Kubernetes',
      why: 'this worker does not run in a pod',
      next: 'let `kubectl scalardl` start it as a Job',
    })
  }
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromCluster()
  return kubeConfig
}
