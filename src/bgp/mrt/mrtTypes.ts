/** MRT types and subtypes (RFC 6396, 4; RFC 8050, 4). */
export const BGP = 5;
export const TABLE_DUMP = 12;
export const TABLE_DUMP_V2 = 13;
export const BGP4MP = 16;
export const BGP4MP_ET = 17;

export interface Bgp4mpSubtype {
  state: boolean;
  as4: boolean;
  addPath: boolean;
}

const kind = (state: boolean, as4: boolean, addPath: boolean): Bgp4mpSubtype => ({ state, as4, addPath });

const BGP4MP_SUBTYPES: (Bgp4mpSubtype | undefined)[] = [
  kind(true, false, false), // STATE_CHANGE
  kind(false, false, false), // MESSAGE
  undefined, // ENTRY, deprecated
  undefined, // SNAPSHOT, deprecated
  kind(false, true, false), // MESSAGE_AS4
  kind(true, true, false), // STATE_CHANGE_AS4
  kind(false, false, false), // MESSAGE_LOCAL
  kind(false, true, false), // MESSAGE_AS4_LOCAL
  kind(false, false, true), // MESSAGE_ADDPATH
  kind(false, true, true), // MESSAGE_AS4_ADDPATH
  kind(false, false, true), // MESSAGE_LOCAL_ADDPATH
  kind(false, true, true), // MESSAGE_AS4_LOCAL_ADDPATH
];

export function bgp4mpSubtype(subtype: number): Bgp4mpSubtype | undefined {
  return BGP4MP_SUBTYPES[subtype];
}

export interface TableDumpV2Subtype {
  peerIndex: boolean;
  ipv6: boolean;
  addPath: boolean;
}

/** Unicast tables only. */
export function tableDumpV2Subtype(subtype: number): TableDumpV2Subtype | undefined {
  switch (subtype) {
    case 1:
      return { peerIndex: true, ipv6: false, addPath: false };
    case 2:
    case 4:
      return { peerIndex: false, ipv6: subtype === 4, addPath: false };
    case 8:
    case 10:
      return { peerIndex: false, ipv6: subtype === 10, addPath: true };
    default:
      return undefined;
  }
}

/** Of TABLE_DUMP_V2: multicast, generic and with path identifiers likewise, and GEO_PEER_TABLE (RFC 6397). */
export function isOtherTable(subtype: number): boolean {
  return [3, 5, 6, 7, 9, 11, 12].includes(subtype);
}

/** Whether a header with this type and subtype can be trusted when looking for the next record after damage. */
export function isKnownRecord(type: number, subtype: number): boolean {
  switch (type) {
    case BGP4MP:
    case BGP4MP_ET:
      return bgp4mpSubtype(subtype) !== undefined;
    case BGP:
      return subtype >= 1 && subtype <= 7;
    case TABLE_DUMP:
      return subtype === 1 || subtype === 2;
    case TABLE_DUMP_V2:
      return subtype >= 1 && subtype <= 12;
    default:
      return false;
  }
}
