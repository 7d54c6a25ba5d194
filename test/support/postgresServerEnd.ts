export { stop as default } from './postgresServer.js';
