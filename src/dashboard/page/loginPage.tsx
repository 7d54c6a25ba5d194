import { useState } from 'preact/hooks';
import { call } from './resource.js';
import { Problem } from './states.js';

export function LoginPage() {
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    try {
      await call('/api/login', { token: form.get('token'), name: form.get('name') });
      const next = new URLSearchParams(location.search).get('next') ?? '/';
      // Only a path of ours: "//elsewhere" would leave the site.
      location.assign(/^\/(?![/\\])/.test(next) ? next : '/');
    } catch (problem) {
      setError(problem instanceof Error ? problem.message : String(problem));
      setBusy(false);
    }
  };
  return (
    <main class="login">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <h1>Routewarden</h1>
        <label>
          Your name <small>for the audit log</small>
          <input name="name" autocomplete="username" maxLength={60} />
        </label>
        <label>
          Token <small>the server's DASHBOARD_TOKEN, or the read-only one</small>
          <input name="token" type="password" autocomplete="current-password" required />
        </label>
        {error !== null && <Problem words={error} />}
        <button type="submit" disabled={busy}>
          Sign in
        </button>
      </form>
    </main>
  );
}
