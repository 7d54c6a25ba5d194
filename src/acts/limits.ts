/** Letters of what a person may say of an incident, from page, command line or API. */
export const LONGEST_TEXT = 4_000;
/** Letters of a person's name. */
export const LONGEST_NAME = 100;
