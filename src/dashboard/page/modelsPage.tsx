import type { ModelRow } from '../api/schema.js';
import { ModelList } from './modelList.js';
import { useResource } from './resource.js';
import { Empty, Loading, Problem } from './states.js';

/** The models of every stream. */
export function ModelsPage() {
  const { value, error } = useResource<ModelRow[]>('/api/models', ['models', 'minute']);
  if (value === undefined) return error === null ? <Loading /> : <Problem words={error} />;
  const streams = [...new Set(value.map((model) => model.stream))];
  return (
    <section class="card">
      <h1>Models</h1>
      {streams.length === 0 && (
        <Empty>
          Models come with the first stream. Start the feed with <code>routewarden start</code>.
        </Empty>
      )}
      {streams.map((stream) => (
        <section key={stream}>
          <h2>Stream {stream}</h2>
          <ModelList models={value.filter((model) => model.stream === stream)} collected={null} />
        </section>
      ))}
    </section>
  );
}
