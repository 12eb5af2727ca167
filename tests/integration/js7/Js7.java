// Copyright (c) 2026 the certwright.tls authors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.attribute.FileTime;
import java.security.KeyStore;
import java.security.Principal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.security.auth.x500.X500Principal;

/**
 * What is known of how JS7 reads its keystores, in the place of the product: a controller or agent that watches their
 * directory, JOC Cockpit that reads them at its start, and a client that shows its own certificate.
 */
public class Js7 {
    private static final int SILENCE_MILLISECONDS = 300;

    /** Where a component finds its stores, as its settings say; `names` are whom it lets in, all when there are none. */
    record Settings(Path keystore, String password, String alias, Path truststore, String trustPassword, List<String> names) {}

    public static void main(String[] words) throws Exception {
        Path place = Path.of(words[1]);
        switch (words[0]) {
            case "engine" -> new Engine(place, Integer.parseInt(words[2])).run(Path.of(words[3]));
            case "joc" -> {
                start(readJoc(place), Integer.parseInt(words[2]));
                writeProcess(Path.of(words[3]));
                Thread.currentThread().join();
            }
            case "call" -> call(asClient(readEngine(place)), words[2], Integer.parseInt(words[3]));
            default -> throw new IllegalArgumentException(words[0]);
        }
    }

    // Settings

    private static Settings readEngine(Path config) throws Exception {
        Path directory = config.resolve("private");
        String text = Files.readString(directory.resolve("private.conf")).replaceAll("\\$\\{[^}]*\\}", "");
        String entry = find("js7\\.web\\.https\\.keystore\\s*\\{([^}]*)\\}", text);
        String trust = find("js7\\.web\\.https\\.truststores\\s*=\\s*\\[\\s*\\{([^}]*)\\}", text);
        Matcher names = Pattern.compile("distinguished-names\\s*=\\s*\\[([^\\]]*)\\]").matcher(text);
        return new Settings(
            directory.resolve("https-keystore.p12"),
            find("store-password=\"([^\"]*)\"", entry),
            find("alias=\"([^\"]*)\"", entry),
            directory.resolve("https-truststore.p12"),
            find("store-password=\"([^\"]*)\"", trust),
            names.find() ? listQuoted(names.group(1)) : List.of());
    }

    /** With its keystore for clients, if it has one. */
    private static Settings asClient(Settings settings) {
        Path own = settings.keystore().resolveSibling("https-client-keystore.p12");
        if (!Files.exists(own)) return settings;
        return new Settings(own, settings.password(), settings.alias(), settings.truststore(), settings.trustPassword(), List.of());
    }

    private static Settings readJoc(Path base) throws Exception {
        String text = Files.readString(base.resolve("start.d/ssl.ini"));
        Path directory = base.resolve("resources/joc");
        return new Settings(
            directory.resolve("https-keystore.p12"),
            find("keyStorePassword=(.*)", text),
            "",
            directory.resolve("https-truststore.p12"),
            find("trustStorePassword=(.*)", text),
            List.of());
    }

    private static String find(String pattern, String text) {
        Matcher found = Pattern.compile(pattern).matcher(text);
        if (!found.find()) throw new IllegalStateException("The settings lack " + pattern);
        return found.group(1).strip();
    }

    private static List<String> listQuoted(String text) {
        return Pattern.compile("\"([^\"]*)\"").matcher(text).results().map(found -> found.group(1)).toList();
    }

    // Stores

    private static SSLContext load(Settings settings) throws Exception {
        KeyStore own = open(settings.keystore(), settings.password());
        if (!settings.alias().isEmpty() && !own.isKeyEntry(settings.alias()))
            throw new IllegalStateException("no key entry " + settings.alias());
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(own, settings.password().toCharArray());
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(open(settings.truststore(), settings.trustPassword()));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    private static KeyStore open(Path path, String password) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream file = Files.newInputStream(path)) {
            store.load(file, password.toCharArray());
        }
        return store;
    }

    // The listener

    private static HttpsServer start(Settings settings, int port) throws Exception {
        SSLContext context = load(settings);
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context) {
            @Override
            public void configure(HttpsParameters parameters) {
                SSLParameters wanted = context.getDefaultSSLParameters();
                wanted.setNeedClientAuth(true);
                parameters.setSSLParameters(wanted);
            }
        });
        server.createContext("/", exchange -> {
            Principal client = ((HttpsExchange) exchange).getSSLSession().getPeerPrincipal();
            exchange.sendResponseHeaders(isKnown(client, settings.names()) ? 204 : 401, -1);
            exchange.close();
        });
        server.setExecutor(Executors.newCachedThreadPool(work -> {
            Thread thread = new Thread(work);
            thread.setDaemon(true);
            return thread;
        }));
        server.start();
        return server;
    }

    /** Sequence and values have to be equal. */
    private static boolean isKnown(Principal client, List<String> names) {
        return names.isEmpty() || names.stream().anyMatch(name -> new X500Principal(name).equals(client));
    }

    private static void writeProcess(Path path) throws Exception {
        Files.writeString(path, ProcessHandle.current().pid() + "\n");
    }

    /**
     * Hears of its directory by name. A name that it knows is not new, so only a modification is news of it; after a
     * silence it compares the times of the files, through links, and restarts its listener when one differs.
     */
    private static class Engine {
        private final Path config;
        private final int port;
        private HttpsServer server;
        private Map<Path, FileTime> times = Map.of();

        Engine(Path config, int port) {
            this.config = config;
            this.port = port;
        }

        void run(Path processFile) throws Exception {
            Path directory = config.resolve("private");
            List<String> relevant = List.of("https-keystore.p12", "https-truststore.p12");
            try (var watch = directory.getFileSystem().newWatchService()) {
                directory.register(watch, StandardWatchEventKinds.ENTRY_CREATE,
                    StandardWatchEventKinds.ENTRY_MODIFY, StandardWatchEventKinds.ENTRY_DELETE);
                var known = new ArrayList<>(relevant.stream().filter(name -> Files.exists(directory.resolve(name))).toList());
                begin();
                writeProcess(processFile);
                boolean isNews = false;
                while (true) {
                    WatchKey key = watch.poll(SILENCE_MILLISECONDS, TimeUnit.MILLISECONDS);
                    if (key == null) {
                        if (isNews) restartIfChanged();
                        isNews = false;
                        continue;
                    }
                    for (WatchEvent<?> event : key.pollEvents()) {
                        String name = String.valueOf(event.context());
                        if (!relevant.contains(name)) continue;
                        if (event.kind() == StandardWatchEventKinds.ENTRY_DELETE) isNews |= known.remove(name);
                        else if (event.kind() == StandardWatchEventKinds.ENTRY_MODIFY) isNews = true;
                        else if (!known.contains(name)) isNews = known.add(name);
                    }
                    key.reset();
                }
            }
        }

        private void restartIfChanged() throws Exception {
            if (readTimes().equals(times)) return;
            System.out.println("restart");
            if (server != null) server.stop(0);
            begin();
        }

        /** Tries again until it can: what is wrong may be mended meanwhile. */
        private void begin() throws Exception {
            while (true) {
                Map<Path, FileTime> found = readTimes();
                try {
                    server = Js7.start(readEngine(config), port);
                    times = found;
                    return;
                } catch (Exception error) {
                    System.out.println("failed " + error);
                    Thread.sleep(SILENCE_MILLISECONDS);
                }
            }
        }

        private Map<Path, FileTime> readTimes() throws Exception {
            Map<Path, FileTime> found = new HashMap<>();
            try (Stream<Path> files = Files.list(config.resolve("private"))) {
                for (Path path : files.filter(file -> file.toString().endsWith(".p12")).collect(Collectors.toList()))
                    if (Files.exists(path)) found.put(path, Files.getLastModifiedTime(path));
            }
            return found;
        }
    }

    // A peer

    /** Prints the status of the answer. The name is checked as a browser checks it. */
    private static void call(Settings settings, String name, int port) throws Exception {
        try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), port);
            SSLSocket socket = (SSLSocket) load(settings).getSocketFactory().createSocket(plain, name, port, true)) {
            SSLParameters wanted = socket.getSSLParameters();
            wanted.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(wanted);
            socket.getOutputStream().write(("GET / HTTP/1.0\r\nHost: " + name + "\r\n\r\n").getBytes());
            System.out.println(new String(socket.getInputStream().readAllBytes()).split(" ")[1]);
        }
    }
}
