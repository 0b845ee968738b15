import { createHash } from 'node:crypto';
import type { HashAlgorithm } from '#platform/canonical';

const LEAF = Buffer.of(0x00);
const NODE = Buffer.of(0x01);

/**
 * The Merkle tree of RFC 6962 §2.1, leaf by leaf: it keeps one hash per complete subtree, so that a million heads
 * are never in memory at once. Equal to `merkleRoot` of platform/canonical.ts.
 */
export class GrowingTree {
  readonly #algorithm: HashAlgorithm;
  readonly #stack: { size: number; hash: Buffer }[] = [];
  #leaves = 0;

  constructor(algorithm: HashAlgorithm) {
    this.#algorithm = algorithm;
  }

  get leaves(): number {
    return this.#leaves;
  }

  append(leaf: Uint8Array): void {
    let node: { size: number; hash: Buffer } = {
      size: 1,
      hash: createHash(this.#algorithm).update(LEAF).update(leaf).digest(),
    };
    for (let top = this.#stack.at(-1); top?.size === node.size; top = this.#stack.at(-1)) {
      this.#stack.pop();
      node = { size: node.size * 2, hash: this.#join(top.hash, node.hash) };
    }
    this.#stack.push(node);
    this.#leaves += 1;
  }

  root(): Buffer {
    const rest = [...this.#stack];
    let hash = rest.pop()?.hash;
    if (!hash) return createHash(this.#algorithm).digest();
    for (let left = rest.pop(); left; left = rest.pop()) hash = this.#join(left.hash, hash);
    return hash;
  }

  #join(left: Buffer, right: Buffer): Buffer {
    return createHash(this.#algorithm).update(NODE).update(left).update(right).digest();
  }
}

/** Leaf of the daily root: the case's id (16 bytes), the number of its last entry (4, big endian), its head. */
export function headLeaf(caseId: string, seq: number, hash: Uint8Array): Buffer {
  const leaf = Buffer.alloc(20 + hash.length);
  leaf.write(caseId.replaceAll('-', ''), 0, 'hex');
  leaf.writeUInt32BE(seq, 16);
  leaf.set(hash, 20);
  return leaf;
}
