/** Joins a folder and a file name with exactly one slash. */
export function joinPath(folder: string, fileName: string): string {
  return folder.endsWith('/') ? folder + fileName : `${folder}/${fileName}`
}

/** Splits a file name at its last dot; a name without one, or with only a leading one, has no extension. */
export function splitFileName(fileName: string): { name: string; ext: string } {
  const dot = fileName.lastIndexOf('.')
  return dot > 0
    ? { name: fileName.slice(0, dot), ext: fileName.slice(dot + 1) }
    : { name: fileName, ext: '' }
}
