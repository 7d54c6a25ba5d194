/** What a person can do about a version that the gate refused, in whole sentences. */
export function refusedWords(modelKey: string, version: number, serving: number | null): string {
  return (
    `${serving === null ? 'No version serves yet' : `Version ${serving} goes on serving`}. Held-back minutes are newest ones that were kept ` +
    'from the training, to test it on. Where it flags many of them, they differ from the days that it learnt: retrain ' +
    `when there are some hours more of them. To let it serve as it is: routewarden accept ${modelKey} ${version} --reason TEXT`
  );
}
