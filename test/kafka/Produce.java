import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes 500 records with every compression named: `java -cp KAFKA Produce.java BOOTSTRAP TOPIC CODEC…`. */
public class Produce {
  public static void main(String[] args) {
    for (int codec = 2; codec < args.length; codec++) {
      Map<String, Object> config =
          Map.of("bootstrap.servers", args[0], "compression.type", args[codec], "linger.ms", "50");
      try (var producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
        for (int n = 0; n < 500; n++) {
          String key = args[codec] + " " + n;
          producer.send(new ProducerRecord<>(args[1], key, (key + " ").repeat(50)));
        }
      }
    }
  }
}
