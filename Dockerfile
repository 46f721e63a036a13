# Compiles with everything, and runs with what the server needs and nothing else.
FROM node:20-slim AS build
WORKDIR /coracle
# For better-sqlite3, where no binary of it can be had.
RUN apt-get update && apt-get install --yes --no-install-recommends g++ make python3 && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts scripts
COPY openapi openapi
COPY src src
RUN node scripts/run.mjs build && npm prune --omit=dev --omit=peer

FROM node:20-slim
ENV NODE_ENV=production CORACLE_HOST=0.0.0.0 CORACLE_STORAGE=sqlite:/data/coracle.db
WORKDIR /coracle
COPY --from=build /coracle/node_modules node_modules
COPY --from=build /coracle/dist dist
COPY --from=build /coracle/openapi openapi
COPY package.json LICENSE ./
COPY migrations migrations
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080
CMD ["node", "dist/main.js"]
