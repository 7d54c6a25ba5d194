import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { SERVICES } from '../../src/services/catalogue.js';
import { licensedPackages } from './licences.js';

const read = (file: string) => readFileSync(file, 'utf8');

/** What of the Compose format is used here (https://github.com/compose-spec/compose-spec), and no more. */
const healthcheck = z.strictObject({
  test: z.union([z.string(), z.array(z.string())]),
  interval: z.string().optional(),
  timeout: z.string().optional(),
  retries: z.number().optional(),
  start_period: z.string().optional(),
});
const composeService = z.strictObject({
  image: z.string().optional(),
  build: z.string().optional(),
  restart: z.literal('unless-stopped'),
  command: z.string().optional(),
  environment: z.record(z.string(), z.string()).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.literal('service_healthy') })).optional(),
  volumes: z.array(z.string()).optional(),
  ports: z.array(z.string()).optional(),
  healthcheck: healthcheck.optional(),
  stop_grace_period: z.string().optional(),
  user: z.string().optional(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  tmpfs: z.array(z.string()).optional(),
});
const compose = z.looseObject({
  services: z.record(z.string(), composeService),
  volumes: z.record(z.string(), z.null()),
});

function readCompose() {
  // A YAML reader that a development tool brings along; there is no Docker engine to ask.
  const yaml = createRequire(import.meta.url)('js-yaml') as { safeLoad(text: string): unknown };
  return compose.parse(yaml.safeLoad(read('docker-compose.yml')));
}

describe('docker-compose.yml', () => {
  const { services, volumes } = readCompose();

  test('Redis keeps its jobs: nothing is evicted, everything is appended to a file on a volume', () => {
    const { command, volumes: mounted } = services.redis!;
    expect(command).toMatch(/--maxmemory-policy noeviction/);
    expect(command).toMatch(/--appendonly yes/);
    expect(mounted).toEqual(['redis:/data']);
  });

  test('volumes are declared, stores have health checks, and what needs a store waits for it', () => {
    for (const [name, service] of Object.entries(services)) {
      for (const volume of service.volumes ?? []) expect(Object.keys(volumes)).toContain(volume.split(':')[0]);
      for (const store of Object.keys(service.depends_on ?? {})) expect(services[store]?.healthcheck).toBeDefined();
      if (service.build) expect(Object.keys(service.depends_on ?? {}).sort()).toEqual(['postgres', 'redis']);
      if (service.ports) expect({ name, healthcheck: service.healthcheck }).toHaveProperty('healthcheck.test');
    }
  });

  test('containers of the program have their own user, a read-only root, no capabilities and no new privileges', () => {
    for (const service of [services.routewarden!, services.trainer!]) {
      expect(service).toMatchObject({ user: 'node', read_only: true, cap_drop: ['ALL'] });
      expect(service.security_opt).toEqual(['no-new-privileges:true']);
      // What the program writes is on volumes that the image made for that user.
      const made = read('Dockerfile')
        .match(/^RUN mkdir -p (.*) && chown node:node/m)![1]!
        .split(' ');
      expect(service.volumes!.map((volume) => volume.split(':/app/')[1]).sort()).toEqual(made.sort());
    }
  });

  test('every service of the program runs, once; trainers can be scaled', () => {
    const named = services
      .routewarden!.command!.split(/\s+/)
      .filter((word) => SERVICES.some(({ name }) => name === word));
    expect([...named, 'trainer'].sort()).toEqual(SERVICES.map(({ name }) => name).sort());
    expect(services.trainer!.command).toMatch(/run trainer$/);
    expect(services.trainer).not.toHaveProperty('ports');
    expect(services.trainer).not.toHaveProperty('container_name');
  });

  test('every container has a health check; those of the program name the services that it runs', () => {
    for (const [name, { command, build, healthcheck }] of Object.entries(services)) {
      expect({ name, healthcheck }).toHaveProperty('healthcheck.test');
      if (build === undefined) continue;
      const named = (text: string) =>
        text.split(/\s+/).filter((word) => SERVICES.some((service) => service.name === word));
      expect(healthcheck!.test).toMatch(/^node dist\/program\/healthy\.js /);
      expect(named(String(healthcheck!.test))).toEqual(named(command!));
    }
  });

  test('nothing but the page is published, on loopback; no secret has a default', () => {
    for (const { ports } of Object.values(services))
      for (const port of ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    for (const [, variable] of read('docker-compose.yml').matchAll(/\$\{([^}]+)\}/g))
      expect(variable).toMatch(/^[A-Z_]+:\?/);
  });

  test('images are of a named version, and services get the time they need to drain', () => {
    for (const { image, build } of Object.values(services)) if (!build) expect(image).toMatch(/:\d+/);
    for (const service of Object.values(services)) {
      if (service.build) expect(Number.parseInt(service.stop_grace_period ?? '0', 10)).toBeGreaterThanOrEqual(30);
    }
  });
});

describe('Dockerfile', () => {
  const lines = read('Dockerfile')
    .split('\n')
    .map((line) => line.trim());
  const last = lines.findLastIndex((line) => line.startsWith('FROM '));

  test('builds in one stage and runs in another, of a pinned line of Node, not as root', () => {
    const stages = lines.filter((line) => line.startsWith('FROM '));
    expect(stages).toHaveLength(2);
    for (const stage of stages) expect(stage).toMatch(/^FROM node:\d+-\w+-slim/);
    const user = lines.findIndex((line, index) => index > last && line === 'USER node');
    expect(user).toBeGreaterThan(last);
    expect(lines.findIndex((line) => line.startsWith('CMD '))).toBeGreaterThan(user);
    expect(lines.slice(last).some((line) => line.startsWith('COPY . '))).toBe(false);
  });

  test('secrets and local state stay out of the build', () => {
    const ignored = read('.dockerignore').split('\n');
    for (const name of ['.git', '.env', 'node_modules', '.routewarden']) expect(ignored).toContain(name);
  });
});

describe('licences', () => {
  test('every locked package has one that is allowed', () => {
    const all = licensedPackages(read('package-lock.json'));
    expect(all.length).toBeGreaterThan(100);
    expect(all.filter(({ allowed }) => !allowed)).toEqual([]);
  });

  test('one that is not would be found', () => {
    const packages = {
      '': { license: 'MIT' },
      'node_modules/a': { version: '1.0.0', license: '(MIT OR GPL-3.0)' },
      'node_modules/b': { version: '1.0.0', license: 'MIT AND GPL-3.0', dev: true },
      'node_modules/a/node_modules/@c/d': { version: '2.0.0' },
    };
    const wrong = licensedPackages(JSON.stringify({ packages })).filter(({ allowed }) => !allowed);
    expect(wrong.map(({ name, licence, shipped }) => [name, licence, shipped])).toEqual([
      ['b', 'MIT AND GPL-3.0', false],
      ['@c/d', 'none named', true],
    ]);
  });
});
