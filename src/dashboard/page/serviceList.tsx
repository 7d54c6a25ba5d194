import type { Service } from '../api/schema.js';
import { Empty } from './states.js';
import { serviceName, span } from './words.js';

export function ServiceList({ services }: { services: readonly Service[] }) {
  if (services.length === 0) {
    return (
      <Empty>
        No service has reported yet. Start them with <code>routewarden start</code>.
      </Empty>
    );
  }
  const down = services.filter((service) => !service.healthy);
  return (
    <>
      {down.length > 0 && (
        <p class="problem">
          {down.map((service) => serviceName(service.name)).join(', ')} {down.length === 1 ? 'is' : 'are'} not running:{' '}
          <code>routewarden start {down.map((service) => service.name).join(' ')}</code>
        </p>
      )}
      <ul class="services" aria-label="Services and their last heartbeat">
        {services.map((service) => (
          <li key={service.instance}>
            <span class={`lamp ${service.healthy ? 'good' : 'bad'}`} aria-hidden="true" />
            <span class="name">{serviceName(service.name)}</span>
            <span class="detail" title={`${service.host}, process ${service.pid}`}>
              {service.healthy ? service.state : 'silent'}, {span(service.secondsSilent)} ago
              {service.restarts > 0 && `, ${service.restarts} restart${service.restarts === 1 ? '' : 's'}`}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
