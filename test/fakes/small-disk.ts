/** A disk of a few hundred KB, where this machine lets a test mount one. */
import { execFile } from 'node:child_process'
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { newFolder } from '../contracts/file-trees.ts'

const exec = promisify(execFile)

/** Why no disk can be mounted; false where one can. */
export async function noSmallDisk(): Promise<string | false> {
  const refused = 'no right to mount a disk'
  if (process.getuid?.() !== 0) return refused
  const folder = `/tmp/jobsd-mount-${process.pid}`
  try {
    await mkdir(folder)
    await exec('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder])
    await exec('umount', [folder])
    return false
  } catch {
    return refused
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Mounts one with room for about that many bytes, gone with the test. */
export async function mountSmallDisk(t: Test, bytes: number): Promise<string> {
  const folder = join(await newFolder(t), 'disk')
  await mkdir(folder)
  await exec('mount', ['-t', 'tmpfs', '-o', `size=${Math.ceil(bytes / 1024)}k`, 'tmpfs', folder])
  t.teardown(() => exec('umount', [folder]))
  return folder
}

/** Fills a disk until about that many bytes are free, and returns the name of the file that does. */
export async function leaveRoom(disk: string, free: number): Promise<string> {
  const name = 'filled'
  await rm(join(disk, name), { force: true })
  const { bavail, bsize } = await statfs(disk)
  await writeFile(join(disk, name), Buffer.alloc(Math.max(0, bavail * bsize - free)))
  return name
}
