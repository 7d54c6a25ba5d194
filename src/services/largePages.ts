const TUNABLE = 'glibc.malloc.hugetlb';

/**
 * What a service with large tables is given in its environment: glibc then asks the kernel for pages of 2 MB, where the
 * kernel leaves that to programs (`madvise` in /sys/kernel/mm/transparent_hugepage/enabled). A read of a large table
 * then misses one cache instead of two. Other C libraries and kernels take no notice.
 * @param inherited of which GLIBC_TUNABLES stays as the operator set it
 */
export function largePages(
  service: { name: string; largeTables?: boolean },
  inherited: NodeJS.ProcessEnv,
): Record<string, string> {
  if (!service.largeTables) return {};
  const tunables = inherited.GLIBC_TUNABLES;
  if (!tunables) return { GLIBC_TUNABLES: `${TUNABLE}=1` };
  return { GLIBC_TUNABLES: tunables.includes(`${TUNABLE}=`) ? tunables : `${tunables}:${TUNABLE}=1` };
}
