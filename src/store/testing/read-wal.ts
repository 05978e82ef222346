import { readFileSync } from 'node:fs'

/**
 * The frames of a SQLite write-ahead log that a reader would take: those with the header's salts, up to the first whose
 * checksum is wrong. Format: https://www.sqlite.org/fileformat2.html#walformat
 */
export type WalFrame = {
  readonly page: number
  /** Where it begins and ends in the file. */
  readonly from: number
  readonly to: number
  /** It ends a commit. */
  readonly commits: boolean
}

const headerBytes = 32
const frameHeaderBytes = 24
const bigEndianSums = 0x377f0683

type Sum = readonly [number, number]

const sumOver = (bytes: Buffer, isBigEndian: boolean, before: Sum): Sum => {
  let [a, b] = before
  for (let at = 0; at < bytes.length; at += 8) {
    a = (a + (isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + b) >>> 0
    b = (b + (isBigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + a) >>> 0
  }
  return [a, b]
}

export const readWal = (file: string): readonly WalFrame[] => {
  const wal = readFileSync(file)
  if (wal.length < headerBytes) return []
  const isBigEndian = wal.readUInt32BE(0) === bigEndianSums
  const pageBytes = wal.readUInt32BE(8)
  const salts = wal.subarray(16, 24)
  let sum = sumOver(wal.subarray(0, 24), isBigEndian, [0, 0])
  const frames: WalFrame[] = []
  const frameBytes = frameHeaderBytes + pageBytes
  for (let from = headerBytes; from + frameBytes <= wal.length; from += frameBytes) {
    const header = wal.subarray(from, from + frameHeaderBytes)
    if (!header.subarray(8, 16).equals(salts)) break
    sum = sumOver(header.subarray(0, 8), isBigEndian, sum)
    sum = sumOver(wal.subarray(from + frameHeaderBytes, from + frameBytes), isBigEndian, sum)
    if (sum[0] !== header.readUInt32BE(16) || sum[1] !== header.readUInt32BE(20)) break
    frames.push({ page: header.readUInt32BE(0), from, to: from + frameBytes, commits: header.readUInt32BE(4) > 0 })
  }
  return frames
}
