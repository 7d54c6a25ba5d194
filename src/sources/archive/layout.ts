import { withoutLogin } from '../http/hostFetch.js';

/** Minutes since 1970-01-01T00:00Z. */
export type Minute = number;

/** An update file of an archive: its address and the minutes that it covers. */
export interface ArchiveFile {
  url: string;
  /** A name unique in the archive, good for a local file. */
  name: string;
  fromMinute: Minute;
  /** The first minute after the file. */
  untilMinute: Minute;
}

/** How an archive names its update files. */
export interface ArchiveLayout {
  name: 'ris' | 'routeviews';
  /** Minutes in one file. */
  fileMinutes: number;
  /** Without a slash at the end, and without a login: it appears in logs and rows. */
  baseUrl: string;
  /** The login of the base URL as a value of `Authorization`; null without one. */
  authorization: string | null;
  /** Path below the base URL. */
  path(collector: string, minute: Minute): string;
  /** Minutes from one table dump to the next. */
  tableMinutes: number;
  /** Path of the table dump of a minute. */
  tablePath(collector: string, minute: Minute): string;
}

export const RIS_BASE_URL = 'https://data.ris.ripe.net';
export const ROUTE_VIEWS_BASE_URL = 'https://archive.routeviews.org';

function stamp(minute: Minute): { month: string; time: string } {
  const date = new Date(minute * 60_000).toISOString();
  const [year, month, day, hour, min] = [
    date.slice(0, 4),
    date.slice(5, 7),
    date.slice(8, 10),
    date.slice(11, 13),
    date.slice(14, 16),
  ];
  return { month: `${year}.${month}`, time: `${year}${month}${day}.${hour}${min}` };
}

/** RIPE RIS: a file every 5 minutes, such as rrc00/2026.01/updates.20260101.0000.gz (since 2003-07-23; 15 before). */
export function risLayout(baseUrl = RIS_BASE_URL): ArchiveLayout {
  return {
    name: 'ris',
    fileMinutes: 5,
    ...trimmed(baseUrl),
    path: (collector, minute) => {
      const { month, time } = stamp(minute);
      return `${collector}/${month}/updates.${time}.gz`;
    },
    tableMinutes: 480,
    tablePath: (collector, minute) => {
      const { month, time } = stamp(minute);
      return `${collector}/${month}/bview.${time}.gz`;
    },
  };
}

/**
 * Route Views: a file every 15 minutes, such as route-views.jinx/bgpdata/2026.01/UPDATES/updates.20260101.0000.bz2; the
 * first collector, `route-views2`, has no folder of its own.
 */
export function routeViewsLayout(baseUrl = ROUTE_VIEWS_BASE_URL): ArchiveLayout {
  return {
    name: 'routeviews',
    fileMinutes: 15,
    ...trimmed(baseUrl),
    path: (collector, minute) => {
      const { month, time } = stamp(minute);
      const folder = collector === 'route-views2' ? '' : `${collector}/`;
      return `${folder}bgpdata/${month}/UPDATES/updates.${time}.bz2`;
    },
    tableMinutes: 120,
    tablePath: (collector, minute) => {
      const { month, time } = stamp(minute);
      const folder = collector === 'route-views2' ? '' : `${collector}/`;
      return `${folder}bgpdata/${month}/RIBS/rib.${time}.bz2`;
    },
  };
}

function trimmed(text: string): { baseUrl: string; authorization: string | null } {
  if (!URL.canParse(text) || !/^https?:/.test(text)) {
    throw new Error(`expected an archive URL, http(s)://..., such as ${RIS_BASE_URL}`);
  }
  const { url, authorization } = withoutLogin(text);
  return { baseUrl: url.replace(/\/+$/, ''), authorization };
}

/** The layout that a collector's name belongs to: `rrc00` to RIPE RIS, `route-views...` to Route Views. */
export function layoutOf(collector: string, baseUrl?: string): ArchiveLayout {
  if (/^rrc\d{2}$/.test(collector)) return risLayout(baseUrl);
  if (/^route-views[a-z0-9.-]*$/.test(collector)) return routeViewsLayout(baseUrl);
  throw new Error(
    `"${collector}" is not a collector: expected rrc00 .. rrc99 (RIPE RIS) or route-views... (Route Views)`,
  );
}

/**
 * The files that hold the minutes `from` .. `until` - 1, in order. Their names follow from the clock, so nothing is
 * asked of the server; a file that it does not have shows when it is fetched.
 */
export function listFiles(layout: ArchiveLayout, collector: string, from: Minute, until: Minute): ArchiveFile[] {
  const files: ArchiveFile[] = [];
  const first = Math.floor(from / layout.fileMinutes) * layout.fileMinutes;
  for (let minute = first; minute < until; minute += layout.fileMinutes) {
    const path = layout.path(collector, minute);
    files.push({
      url: `${layout.baseUrl}/${path}`,
      name: `${collector}.${path.slice(path.lastIndexOf('/') + 1)}`,
      fromMinute: minute,
      untilMinute: minute + layout.fileMinutes,
    });
  }
  return files;
}

/** The newest table dumps at or before a minute, newest first: `count` of them, whether or not the archive has them. */
export function listTables(layout: ArchiveLayout, collector: string, until: Minute, count: number): ArchiveFile[] {
  const newest = Math.floor(until / layout.tableMinutes) * layout.tableMinutes;
  return Array.from({ length: count }, (_, back) => {
    const minute = newest - back * layout.tableMinutes;
    const path = layout.tablePath(collector, minute);
    return {
      url: `${layout.baseUrl}/${path}`,
      name: `${collector}.${path.slice(path.lastIndexOf('/') + 1)}`,
      fromMinute: minute,
      untilMinute: minute,
    };
  });
}
