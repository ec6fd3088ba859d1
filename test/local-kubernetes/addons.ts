/** The address of the Service of the cluster's DNS. */
export const dnsAddress = '10.96.0.10'

/** The objects a cluster needs besides its programs: the Service of the DNS, and a StorageClass. */
export function addons(dnsServer: string): object {
  const ports = [
    { name: 'dns', port: 53, protocol: 'UDP' },
    { name: 'dns-tcp', port: 53, protocol: 'TCP' },
  ]
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'kube-dns', namespace: 'kube-system' },
        spec: { clusterIP: dnsAddress, ports },
      },
      {
        // CoreDNS is no pod here: it runs beside the API server.
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: 'kube-dns', namespace: 'kube-system', labels: { 'kubernetes.io/service-name': 'kube-dns' } },
        addressType: 'IPv4',
        ports,
        endpoints: [{ addresses: [dnsServer], conditions: { ready: true } }],
      },
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
        provisioner: 'local-kubernetes/directory',
        reclaimPolicy: 'Delete',
        volumeBindingMode: 'Immediate',
      },
    ],
  }
}
