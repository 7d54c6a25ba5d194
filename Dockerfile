FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/bin bin
COPY --from=build /app/dist dist
COPY --from=build /app/src/storage/migrations src/storage/migrations
RUN mkdir -p .routewarden model_artifacts && chown node:node .routewarden model_artifacts
USER node
EXPOSE 8787
CMD ["node", "bin/routewarden.js", "start"]
