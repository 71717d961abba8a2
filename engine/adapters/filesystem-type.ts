/** What kind of file system a folder is on, where it is one that other machines or programs stand behind. */
import { statfsSync } from 'node:fs'

/** Tells the type of the file system of a folder that is there; undefined where it is the machine's own. */
export type FilesystemType = (folder: string) => string | undefined

/** Linux' numbers of them, from statfs(2), linux/magic.h and the file systems' own sources. */
const shared = new Map<number, string>([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9p'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x47504653, 'GPFS'],
  [0x0bd00bd0, 'Lustre'],
  [0x19830326, 'BeeGFS'],
  [0x20030528, 'OrangeFS'],
  [0xaad7aaea, 'PanFS'],
  [0xbeefdead, 'SNFS'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x61636673, 'ACFS'],
  [0x73757245, 'Coda'],
  [0x564c, 'NCP'],
  [0x786f4256, 'vboxsf'],
  [0xbacbacbc, 'vmhgfs'],
  [0x7c7c6673, 'prl_fs'],
])

/** The name of a type's number as statfs gives it, which may be negative or have its upper half set. */
export function nameSharedType(type: number): string | undefined {
  return shared.get(type >>> 0)
}

/** Asks the kernel. Elsewhere than on Linux the numbers mean other things, and nothing is told. */
export const filesystemType: FilesystemType = (folder) =>
  process.platform === 'linux' ? nameSharedType(statfsSync(folder).type) : undefined
