declare module 'process-on-spawn' {
  const processOnSpawn: { addListener(listener: (child: { env: NodeJS.ProcessEnv }) => void): void }
  // biome-ignore lint/style/noDefaultExport: it is the package's
  export default processOnSpawn
}
