// Fetches a URL through a proxy, as Java programs do, and prints the content's length: java -D...
// Fetch.java URL. The proxy and the store of trusted certificates are properties of the Java machine.
import java.net.URI;

class Fetch {
  public static void main(String[] arguments) throws Exception {
    try (var content = URI.create(arguments[0]).toURL().openStream()) {
      System.out.println(content.readAllBytes().length);
    }
  }
}
