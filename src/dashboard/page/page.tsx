import { useEffect, useState } from 'preact/hooks';
import type { Session } from '../api/schema.js';
import { AuditPage } from './auditPage.js';
import { ComparePage } from './comparePage.js';
import { IncidentPage } from './incidentPage.js';
import { IncidentsPage } from './incidentsPage.js';
import { listen, useConnection } from './live.js';
import { LoginPage } from './loginPage.js';
import { ModelPage } from './modelPage.js';
import { ModelsPage } from './modelsPage.js';
import { NetworksPage } from './networksPage.js';
import { OverviewPage } from './overviewPage.js';
import { call } from './resource.js';
import { decoded, usePath } from './route.js';
import { Problem } from './states.js';
import { timeOf } from './words.js';

/** The frame of every page: navigation, state of the connection, and the page that the path names. */
export function Page() {
  const [session, setSession] = useState<Session | string | null>(null);
  useEffect(() => {
    call<Session>('/api/session').then(setSession, (error: Error) => setSession(error.message));
  }, []);
  if (session === null) return <main aria-busy="true" />;
  if (typeof session === 'string') {
    return (
      <main>
        <Problem words={session} />
      </main>
    );
  }
  if (!session.signedIn) return <LoginPage />;
  return <SignedIn session={session} />;
}

function SignedIn({ session }: { session: Session }) {
  const path = usePath();
  useEffect(listen, []);
  return (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href="/">
          <img src="/favicon.svg" alt="" width="26" height="26" /> Routewarden
        </a>
        <nav aria-label="Pages">
          <Tab path={path} to="/" name="Overview" />
          <Tab path={path} to="/networks" name="My networks" />
          <Tab path={path} to="/incidents" name="Incidents" />
          <Tab path={path} to="/models" name="Models" />
          <a href="/queues/">Jobs</a>
          <Tab path={path} to="/audit" name="Audit" />
        </nav>
        {session.loginNeeded && <SignOut session={session} />}
      </header>
      <StaleBanner />
      <main id="content" tabIndex={-1}>
        <Content path={path} canChange={session.role === 'operator'} />
      </main>
    </>
  );
}

function Tab({ path, to, name }: { path: URL; to: string; name: string }) {
  const here = to === '/' ? path.pathname === '/' : path.pathname.startsWith(to);
  return (
    <a href={to} aria-current={here ? 'page' : undefined}>
      {name}
    </a>
  );
}

function Content({ path, canChange }: { path: URL; canChange: boolean }) {
  const [, area, name, view, ...rest] = path.pathname.replace(/\/$/, '').split('/');
  useEffect(() => {
    document.title = [decoded(name ?? ''), area, 'Routewarden'].filter(Boolean).join(' · ');
  }, [area, name]);
  const isDeep = area === 'models' ? rest.length > 0 || ![undefined, 'compare'].includes(view) : view !== undefined;
  const isNumber = area !== 'incidents' || !name || /^\d+$/.test(name);
  if (isDeep || !isNumber || (name && !['incidents', 'models'].includes(area ?? ''))) return <NoSuchPage path={path} />;
  if (area === 'incidents' && name) return <IncidentPage key={name} id={Number(name)} canChange={canChange} />;
  if (area === 'incidents') return <IncidentsPage path={path} canChange={canChange} />;
  if (area === 'networks') return <NetworksPage />;
  if (area === 'models' && name && view === 'compare') return <ComparePage path={path} />;
  if (area === 'models' && name) {
    return <ModelPage key={name} modelKey={decoded(name)} canChange={canChange} />;
  }
  if (area === 'models') return <ModelsPage />;
  if (area === 'audit') return <AuditPage />;
  if (area !== undefined && area !== '' && area !== 'login') return <NoSuchPage path={path} />;
  return <OverviewPage path={path} />;
}

function NoSuchPage({ path }: { path: URL }) {
  const [, area, name, version] = path.pathname.split('/');
  if (area === 'models' && name && version) {
    return (
      <section class="card lead">
        <h1>Page not found</h1>
        <p>
          A version has no page of its own. <a href={`/models/${name}`}>{decoded(name)}</a> lists its versions, what
          each was published for, and which one serves.
        </p>
      </section>
    );
  }
  return (
    <section class="card lead">
      <h1>Page not found</h1>
      <p>
        Nothing is at <code>{path.pathname}</code>. Incidents and their silences are under{' '}
        <a href="/incidents">Incidents</a>, versions and retrainings under <a href="/models">Models</a>, what people did
        under <a href="/audit">Audit</a>. Alerts and settings are on the command line:{' '}
        <code>routewarden alerts list</code>, <code>routewarden config</code>.
      </p>
    </section>
  );
}

function StaleBanner() {
  const { trouble, lastHeard } = useConnection();
  return (
    <div role="status" aria-live="polite">
      {trouble !== null && (
        <p class="banner">
          <strong>Not up to date.</strong> {trouble} Last news at {timeOf(lastHeard)} UTC.
        </p>
      )}
    </div>
  );
}

function SignOut({ session }: { session: Session }) {
  return (
    <span class="who">
      {session.actor}
      {session.role === 'reader' && ' (read-only)'}
      <button type="button" class="plain" onClick={() => void call('/api/logout', {}).then(() => location.assign('/'))}>
        Sign out
      </button>
    </span>
  );
}
