import { X509Certificate } from 'node:crypto'

/** How a JKS file begins; PKCS-12 is DER, so a sequence. */
const jksMagic = 0xfe_ed_fe_ed

/**
 * The certificates of one of Java's key stores, JKS or PKCS-12, as PEM, whatever its name says: Java tells them apart
 * by their beginning as well (keystore.type.compat of java.security). Whoever has a key of his own in it is trusted,
 * too, as by Java's trust managers.
 * @param password of a PKCS-12 store, which encrypts its certificates; a JKS store does not
 * @throws Error where it is none of the two, damaged, or of another password
 */
export async function certificatesOf(store: Buffer, password: string | undefined): Promise<string[]> {
  const isJks = store.length > 4 && store.readUInt32BE(0) === jksMagic
  const found = isJks ? ofJks(store) : await ofPkcs12(store, password)
  if (found.length === 0) throw new Error('there is no certificate in it')
  return found.map((der) => new X509Certificate(der).toString())
}

/** Layout: sun.security.provider.JavaKeyStore of OpenJDK, engineLoad(). */
function ofJks(store: Buffer): Buffer[] {
  let at = 4
  const number = () => store.readUInt32BE((at += 4) - 4)
  const text = () => (at += 2 + store.readUInt16BE(at))
  const block = () => {
    const length = number()
    return store.subarray(at, (at += length))
  }
  const version = number()
  const certificate = () => {
    if (version === 2) text()
    return block()
  }
  const found: Buffer[] = []
  for (let entries = number(); entries > 0; entries -= 1) {
    const kind = number()
    text()
    // when it was made
    at += 8
    if (kind === 2) {
      found.push(certificate())
      continue
    }
    if (kind !== 1) throw new Error('an entry is neither a key nor a certificate')
    block()
    const chain = Array.from({ length: number() }, certificate)
    found.push(...chain.slice(0, 1))
  }
  return found
}

async function ofPkcs12(store: Buffer, password: string | undefined): Promise<Buffer[]> {
  // Few need it.
  const { asn1, pkcs12, pki, util } = (await import('node-forge')).default
  const archive = pkcs12.pkcs12FromAsn1(asn1.fromDer(util.createBuffer(store.toString('latin1'))), password ?? '')
  const bagType = pki.oids['certBag'] ?? ''
  const bags = archive.getBags({ bagType })[bagType] ?? []
  return bags.map((bag) => {
    // What has no RSA key is left as it is.
    const content = bag.cert == null ? bag.asn1 : pki.certificateToAsn1(bag.cert)
    return Buffer.from(asn1.toDer(content).getBytes(), 'latin1')
  })
}
